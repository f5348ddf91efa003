namespace ViSurf.Core.Common.Aten;

/// <summary>
/// libtorch's C interface (the "AOTI shim"), as far as calls of operators need it: functions that libtorch exports for programs compiled
/// ahead of time, whose tensor handle is the one TorchSharp holds.
/// </summary>
/// <remarks>Its declarations: torch/csrc/inductor/aoti_torch/c/shim.h and torch/csrc/stable/c/shim.h of libtorch 2.10.</remarks>
internal sealed unsafe class AtenLibrary
{
    private static readonly Lazy<AtenLibrary?> Found = new(Find);

    /// <summary>(operator, overload, stack of arguments, then of results) to 0 when it worked. Takes its arguments over.</summary>
    public readonly delegate* unmanaged[Cdecl]<byte*, byte*, ulong*, int> Call;

    /// <summary>(tensor, where its second handle goes).</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint*, int> NewHandle;

    /// <summary>(room, where the list goes).</summary>
    public readonly delegate* unmanaged[Cdecl]<nuint, nint*, int> NewList;

    /// <summary>(list, element).</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, ulong, int> Append;

    /// <summary>(tensor, where the address of its first number goes).</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint*, int> Data;

    private AtenLibrary(nint call, nint newHandle, nint newList, nint append, nint data)
    {
        Call = (delegate* unmanaged[Cdecl]<byte*, byte*, ulong*, int>)call;
        NewHandle = (delegate* unmanaged[Cdecl]<nint, nint*, int>)newHandle;
        NewList = (delegate* unmanaged[Cdecl]<nuint, nint*, int>)newList;
        Append = (delegate* unmanaged[Cdecl]<nint, ulong, int>)append;
        Data = (delegate* unmanaged[Cdecl]<nint, nint*, int>)data;
    }

    /// <summary>The interface of the libtorch that runs; null where it exports none (before 2.10) or cannot be asked.</summary>
    public static AtenLibrary? Instance => Found.Value;

    private static AtenLibrary? Find()
    {
        // Elsewhere an optional argument would be freed by another allocator than the one it came from.
        if (!OperatingSystem.IsLinux()) return null;
        return TorchSymbols.Address("aoti_torch_call_dispatcher") is not 0 and var call
            && TorchSymbols.Address("aoti_torch_new_tensor_handle") is not 0 and var newHandle
            && TorchSymbols.Address("torch_new_list_reserve_size") is not 0 and var newList
            && TorchSymbols.Address("torch_list_push_back") is not 0 and var append
            && TorchSymbols.Address("aoti_torch_get_data_ptr") is not 0 and var data
            ? new AtenLibrary(call, newHandle, newList, append, data)
            : null;
    }
}
